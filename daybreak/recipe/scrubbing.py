"""Section `scrub`: personal data."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from daybreak.recipe.section import Count, Section, Share

PersonalData = Literal["email", "ip", "phone", "card", "iban", "national_id", "wallet", "secret"]


PERSONAL_DATA: tuple[str, ...] = get_args(PersonalData)


ScrubAction = Literal["placeholder", "pseudonym"]


class Presidio(Section):
    """Names and places by Presidio's models (install presidio-analyzer and a spaCy model; not in the lock)."""

    entities: list[str] = Field(
        default_factory=lambda: ["PERSON", "LOCATION"], description="Presidio's entity types"
    )
    language: str = Field(
        "en", description="language of the texts it looks at (ISO 639-1); others are left alone"
    )
    model: str = Field("en_core_web_sm", description="spaCy model")
    min_score: Share = Field(0.5, description="least score of a finding")


class Scrub(Section):
    """Personal data to replace, in text, URL and metadata."""

    email: bool = Field(True, description="e-mail addresses")
    ip: bool = Field(True, description="IPv4 and IPv6 addresses")
    phone: bool = Field(True, description="telephone numbers (libphonenumber)")
    card: bool = Field(True, description="payment cards (issuer ranges, Luhn)")
    iban: bool = Field(True, description="bank accounts (ISO 13616, modulo 97)")
    national_id: bool = Field(True, description="national numbers of persons with check digits")
    wallet: bool = Field(True, description="Bitcoin and Ethereum addresses")
    secret: bool = Field(True, description="API keys by known prefixes, private keys")
    action: ScrubAction = Field(
        "placeholder",
        description="what stands in their place; pseudonym needs DAYBREAK_PII_KEY in the environment",
    )
    actions: dict[PersonalData, ScrubAction] = Field(
        default_factory=dict, description="other actions: {type: action}"
    )
    public_only: bool = Field(True, description="leave IP addresses of private and special ranges")
    regions: list[str] | None = Field(
        None, description="ISO 3166 codes whose national telephone numbers are known; 49 by default"
    )
    max_density: Annotated[float, Field(gt=0)] | None = Field(
        None, description="drop documents with more findings than this per 1,000 characters"
    )
    min_findings: Count = Field(3, description="and at least this many findings")
    presidio: Presidio | None = Field(
        None, description="names and places by Presidio's models; off by default"
    )

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are on."""
        return tuple(name for name in PERSONAL_DATA if getattr(self, name))

    def action_of(self, name: str) -> str:
        """What becomes of one type."""
        return next((action for kind, action in self.actions.items() if kind == name), self.action)

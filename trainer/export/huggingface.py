"""The trained model as a Hugging Face Llama checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from trainer.checkpoint.commit import committed
from trainer.model.gpt import GPT
from trainer.settings import ModelSettings


def export_llama(folder: Path, model: GPT, seq_len: int) -> Path:
    """Write model.safetensors and config.json that LlamaForCausalLM reads; padding ids are left out."""
    with committed(folder) as temporary:
        save_file(llama_tensors(model), temporary / "model.safetensors", metadata={"format": "pt"})
        text = json.dumps(llama_config(model.shape, seq_len), indent=2, sort_keys=True)
        (temporary / "config.json").write_text(text + "\n", encoding="utf-8")
    return folder


def llama_tensors(model: GPT) -> dict[str, Tensor]:
    """Parameters by their names in a Llama checkpoint, embeddings cut to vocab_size rows."""
    tensors = {}
    for name, parameter in model.named_parameters():
        value = parameter.detach()
        if name in ("embed_tokens.weight", "lm_head.weight"):
            value = value[: model.shape.vocab_size].contiguous()
        tensors[name if name.startswith("lm_head") else f"model.{name}"] = value
    return tensors


def llama_config(shape: ModelSettings, seq_len: int) -> dict[str, Any]:
    """The fields of `transformers.LlamaConfig` that differ from its defaults or that readers look for."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.intermediate_size,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_size,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "max_position_embeddings": seq_len,
        "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_theta,
        "tie_word_embeddings": shape.tie_embeddings,
        "torch_dtype": "float32",
    }

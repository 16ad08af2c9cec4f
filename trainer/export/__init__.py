"""The trained model in other tools' formats."""

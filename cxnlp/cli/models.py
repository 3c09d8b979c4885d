"""`cxnlp models`: which models there are, what they are, and whether their files are intact."""

from __future__ import annotations

from typing import Annotated

import typer

from cxnlp.cli import console

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, describe and verify the models that read the comments.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model's name or folder.")]


@app.command("list")
def list_models() -> None:
    """List the models that come with cxnlp."""
    from cxnlp import registry

    rows = []
    for name in registry.available():
        manifest = registry.read_manifest(registry.find(name))
        rows.append((name, ", ".join(manifest.languages), ", ".join(manifest.heads), manifest.licence))
    console.table("Models", ("name", "languages", "predicts", "licence"), rows)


@app.command()
def show(name: Name) -> None:
    """Say what a model is: network, languages, predictions, licence, size."""
    from cxnlp import registry

    folder = registry.find(name)
    manifest = registry.read_manifest(folder)
    size = sum(size for size, _ in manifest.files.values())
    facts = (
        ("name", manifest.name),
        ("folder", folder),
        ("network", f"{manifest.backbone}, pooling {manifest.pooling}"),
        ("longest text", f"{manifest.max_tokens} pieces"),
        ("languages", ", ".join(manifest.languages)),
        ("predicts", ", ".join(manifest.heads)),
        ("licence", manifest.licence),
        ("written by", f"cxnlp {manifest.cxnlp_version}"),
        ("size", f"{size / 1e6:.1f} MB in {len(manifest.files)} files"),
        ("sha256", manifest.sha256),
    )
    console.lines(*(f"{label:<13} {fact}" for label, fact in facts))


@app.command()
def verify(name: Name) -> None:
    """Compare every file of a model with its manifest, and refuse formats that can run code."""
    from cxnlp import registry

    manifest = registry.verify(registry.find(name))
    console.lines(f"{manifest.name}: {len(manifest.files)} files as the manifest lists them")

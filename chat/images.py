"""Placeholder."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image


@dataclass(frozen=True, slots=True)
class Prepared:
    type: str
    width: int
    height: int
    size: int
    animated: bool


class Images:
    def stop(self) -> None:
        pass

    async def prepare(self, source: Path, kept: Path, thumbnail: Path) -> Prepared:
        with Image.open(source) as image:
            kind = image.format or 'PNG'
            image.save(kept, kind)
            image.thumbnail((720, 720))
            image.convert('RGBA').save(thumbnail, 'WEBP')
            return Prepared(f'image/{kind.lower()}', *Image.open(kept).size, kept.stat().st_size, False)

"""What people write into a language column, to ISO 639-1 codes."""

from __future__ import annotations

import re

__all__ = ["code"]

_ALL = """
aa ab af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv
ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd
ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr
ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_CODES = frozenset(_ALL.split())  # ISO 639-1

_NAMES = {
    name: code
    for code, names in {
        "en": "eng english engleza angielski inglese englisch anglais ingles engels",
        "ro": "ron rum romanian română româna românește romana rumuński rumeno rumänisch roumain rumano roemeens",
        "pl": "pol polish polski poloneza polacco polnisch polonais polaco polonês pools",
        "it": "ita italian italiano italiana włoski italienisch italien italiaans",
        "de": "deu ger german deutsch germana niemiecki tedesco allemand aleman alemão duits",
        "fr": "fra fre french français franceza francuski francese französisch francés frans",
        "es": "spa spanish español castellano spaniola hiszpański spagnolo spanisch espagnol espanhol spaans",
        "pt": "por portuguese português portugheza portugalski portoghese portugiesisch portugais portugués portugees",
        "nl": "nld dut dutch nederlands olandeza holenderski olandese niederländisch néerlandais neerlandés holandês",
        "hu": "hun hungarian magyar",
        "cs": "ces cze czech čeština",
        "sk": "slk slo slovak slovenčina",
        "bg": "bul bulgarian български",
        "uk": "ukr ukrainian українська",
        "ru": "rus russian русский",
        "el": "ell gre greek ελληνικά",
        "tr": "tur turkish türkçe",
        "sv": "swe swedish svenska",
        "da": "dan danish dansk",
        "no": "nor norwegian norsk",
        "fi": "fin finnish suomi",
        "ar": "ara arabic العربية",
        "zh": "zho chi chinese 中文",
        "ja": "jpn japanese 日本語",
    }.items()
    for name in names.split()
}


def code(cell: str) -> str | None:
    """ISO 639-1 code of 'en', 'en-US', 'pt_BR', 'eng', 'English' or 'română'; None where it names no language."""
    name = cell.strip().casefold()
    if name in _NAMES:
        return _NAMES[name]
    first = re.split(r"[-_ (]", name, maxsplit=1)[0]
    return first if first in _CODES else _NAMES.get(first)

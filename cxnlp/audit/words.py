"""What people may write for an answer, in nine languages, without case and accents."""

from __future__ import annotations

import unicodedata

__all__ = ["NOTHING", "POLARITY", "STAGE_WORDS", "plain"]

# fmt: off
POLARITY: dict[str, str] = {
    **dict.fromkeys((
        "negative", "neg", "-", "-1", "bad", "negativ", "negativo", "negativa", "negatif", "negatywny", "negatywna",
        "negatywne", "negatief",
    ), "negative"),
    **dict.fromkeys((
        "neutral", "neu", "0", "none", "mixed", "neutru", "neutra", "neutro", "neutrale", "neutre", "neutralny",
        "neutralna", "neutralne", "neutraal",
    ), "neutral"),
    **dict.fromkeys((
        "positive", "pos", "+", "1", "+1", "good", "pozitiv", "pozitiva", "positiv", "positivo", "positiva", "positif",
        "pozytywny", "pozytywna", "pozytywne", "positief",
    ), "positive"),
}
"""Word -> polarity; a statement that is judged both ways counts as neutral."""

NOTHING: frozenset[str] = frozenset((
    "none", "no topic", "no stage", "nothing", "niciuna", "niciunul", "nimic", "zaden", "zadna", "zadne", "brak",
    "nessuno", "nessuna", "kein", "keine", "keines", "keins", "aucun", "aucune", "ninguno", "ninguna", "nenhum",
    "nenhuma", "geen",
))
"""Words for: there is no topic, or no stage."""

STAGE_WORDS: dict[str, str] = {
    **dict.fromkeys((
        "constientizare", "notorietate", "swiadomosc", "consapevolezza", "bewusstsein", "aufmerksamkeit", "notoriete",
        "prise de conscience", "conciencia", "conocimiento", "consciencia", "conhecimento", "bewustwording",
        "naamsbekendheid",
    ), "awareness"),
    **dict.fromkeys((
        "considerare", "evaluare", "rozwazanie", "considerazione", "valutazione", "uberlegung", "abwagung",
        "consideration", "evaluation", "consideracion", "evaluacion", "consideracao", "avaliacao", "overweging",
    ), "consideration"),
    **dict.fromkeys((
        "achizitie", "cumparare", "zakup", "acquisto", "kauf", "achat", "compra", "aankoop",
    ), "purchase"),
    **dict.fromkeys((
        "retentie", "retinere", "fidelizare", "utrzymanie", "retencja", "fidelizzazione", "mantenimento", "bindung",
        "kundenbindung", "fidelisation", "retencion", "fidelizacion", "retencao", "fidelizacao", "behoud",
    ), "retention"),
    **dict.fromkeys((
        "recomandare", "sustinere", "rzecznictwo", "polecanie", "passaparola", "raccomandazione", "fursprache",
        "weiterempfehlung", "recommandation", "recomendacion", "recomendacao", "aanbeveling",
    ), "advocacy"),
}
"""Word -> stage of the default journey; used where the journey has that stage."""
# fmt: on


def plain(cell: str) -> str:
    """`cell` as it is looked up: one line, lower case, without accents, and without an apostrophe that disarms it."""
    letters = unicodedata.normalize("NFKD", cell.casefold().replace("ł", "l").replace("ß", "ss"))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.split()).removeprefix("'")

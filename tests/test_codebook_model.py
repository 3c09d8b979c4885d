"""The shipped three-cs book with the embedded model on sentences that nobody has tuned on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from cxnlp import codebook
from cxnlp.codebook.references import members, negatives, references

HELD_OUT = {
    "consistency": {
        "en": [
            "My usual coffee was perfect on Monday and undrinkable on Thursday.",
            "The price in the leaflet is never the price at the register.",
            "Twelve years on and they are as good as on day one.",
            "One employee waived the fee, her colleague charged it twice.",
            "The northern branch is superb, the one by the river is a disgrace.",
        ],
        "ro": [
            "Azi porția e uriașă, mâine abia acoperă fundul farfuriei.",
            "De zece ani merg acolo și serviciile au rămas la același nivel.",
            "În reclamă spuneau livrare gratuită, la telefon au zis că nu există așa ceva.",
            "Inainte aveau produse bune, acum calitatea a scazut mult.",
            "Depinde la ce angajat nimeresti, unii stiu tot, altii nimic.",
        ],
        "pl": [
            "Za pierwszym razem wszystko idealnie, za drugim kompletny chaos.",
            "Od lat ten sam wysoki poziom, nigdy się nie zawiodłam.",
            "W ulotce jedna cena, przy kasie zupełnie inna.",
            "Jakość mocno spadła, odkąd zmienili dostawcę.",
            "W jednym sklepie tej marki przyjęli zwrot bez słowa, w drugim odmówili.",
        ],
        "it": [
            "La settimana scorsa pesce freschissimo, oggi immangiabile.",
            "Dopo quindici anni la qualità è ancora quella del primo giorno.",
            "L'operatore mi aveva assicurato lo sconto, il collega dice che non esiste.",
            "Nella sede del centro ti trattano da re, in periferia nemmeno ti salutano.",
            "Da quando ha cambiato gestione non è più lo stesso posto.",
        ],
    },
    "convenience": {
        "en": [
            "I waited an hour and a half just to hand in one document.",
            "They collect the old fridge from your flat, so there is nothing to carry.",
            "You can pay with your phone and be out in a minute.",
            "The surgery closes at three, so I have to take time off work.",
            "The shop is five minutes' walk from my house.",
        ],
        "ro": [
            "Coadă interminabilă la casă, am stat patruzeci de minute.",
            "Îmi aduc cumpărăturile până la ușă, scap de drumul la magazin.",
            "Nu ai unde să parchezi, am lăsat mașina la un kilometru.",
            "Am facut asigurarea in cinci minute, fara hartii.",
            "Trebuie sa vii personal cu trei copii dupa buletin pentru o simpla modificare.",
        ],
        "pl": [
            "Czekałam ponad godzinę w kolejce, żeby oddać jeden formularz.",
            "Sklep mam po drodze z pracy, wpadam i po minucie wychodzę.",
            "Żeby dostać zwrot pieniędzy, trzeba wysłać trzy listy i dzwonić co tydzień.",
            "Duży darmowy parking tuż przy wejściu.",
            "Wszystko załatwiłam od ręki, bez biegania po pokojach.",
        ],
        "it": [
            "Fila infinita allo sportello, ho perso tutta la mattina.",
            "Consegna a domicilio in un'ora, non devo nemmeno uscire.",
            "Per disdire bisogna mandare una raccomandata e aspettare due mesi.",
            "Il negozio è a due passi dalla metropolitana.",
            "Impossibile parcheggiare, abbiamo girato mezz'ora.",
        ],
    },
    "customization": {
        "en": [
            "The tailor asked how I sit at work and cut the jacket accordingly.",
            "The menu was adapted to my daughter's allergies without any fuss.",
            "They push the same package on everyone, whatever you need.",
            "The barber remembers my name and how I like my fringe.",
            "I could choose the wood, the handles and the height of the desk.",
        ],
        "ro": [
            "Antrenorul mi-a făcut un program potrivit pentru genunchiul meu operat.",
            "Dau tuturor același pachet, indiferent de nevoi.",
            "Am putut alege culoarea, mărimea și textul gravat.",
            "Tin minte ca beau cafeaua fara zahar si mi-o aduc exact asa.",
            "Nu au vrut sa scoata ceapa din salata, desi i-am rugat.",
        ],
        "pl": [
            "Trenerka ułożyła plan pod moje chore biodro.",
            "Wszystkim proponują dokładnie to samo, nikt nie pyta o potrzeby.",
            "Sama wybrałam tkaninę, nóżki i szerokość kanapy.",
            "Pamiętają, że córka nie je glutenu, i zawsze coś dla niej mają.",
            "Nie zgodzili się zamienić frytek na sałatkę, menu to świętość.",
        ],
        "it": [
            "Il sarto ha modellato la giacca sulle mie spalle storte.",
            "Propongono a tutti lo stesso pacchetto, senza chiedere di cosa hai bisogno.",
            "Ho potuto scegliere colore, tessuto e lunghezza delle tende.",
            "Si ricordano che mio marito è celiaco e gli preparano un dolce a parte.",
            "Non hanno voluto togliere le cipolle dal piatto nonostante la mia richiesta.",
        ],
    },
    "": {
        "en": [
            "The cake was dry.",
            "My cousin got married there.",
            "Great value for money.",
            "The receptionist had a warm smile.",
            "The lamp broke after three days.",
        ],
        "ro": [
            "Supa era rece.",
            "Sora mea lucrează în același domeniu.",
            "Raport bun calitate-preț.",
            "Doamna de la recepție a fost foarte politicoasă.",
            "Lampa s-a stricat dupa trei zile.",
        ],
        "pl": [
            "Ciasto było suche.",
            "Moja siostra jest nauczycielką.",
            "Dobry stosunek jakości do ceny.",
            "Recepcjonistka miała ciepły uśmiech.",
            "Lampka zepsuła się po trzech dniach.",
        ],
        "it": [
            "La torta era secca.",
            "Mia cugina si è sposata lì.",
            "Ottimo rapporto qualità-prezzo.",
            "La signora alla reception era molto cordiale.",
            "La lampada si è rotta dopo tre giorni.",
        ],
    },
}
"""Tag -> language -> five sentences written for this test, '' for those that no tag fits. Not to be used for tuning."""

FLOOR = 0.80
"""Macro-F1 over the three tags, 80 sentences, each tag on a quarter of them: .84 when this was written (.89 before the
books were made stricter for real comments), .43 for the best of two TF-IDF models fitted to the same texts. The odds
are moved from the share of the tag among the book's texts to that quarter (`in_this_mix`)."""

FLOOR_AS_SAID = 0.70
"""The same for 'probability at least a half' as the tagger says it: .72. It was .85, with a floor of .80, before
ordinary feedback joined the background, when 15 of 105 'yes' judged on real comments were right."""

TEXTS = [text for by_language in HELD_OUT.values() for texts in by_language.values() for text in texts]
LANGUAGES = np.array([language for own in HELD_OUT.values() for language, texts in own.items() for _ in texts])
BOOK = codebook.load("three-cs")
NAMES = [tag.name for tag in BOOK.tags]
TRUTH = np.array(
    [[tag == name for name in NAMES] for tag, own in HELD_OUT.items() for texts in own.values() for _ in texts]
)


@pytest.fixture(scope="module")
def verdicts() -> codebook.Verdicts:
    from cxnlp import encoder
    from cxnlp.config import EncodeConfig
    from cxnlp.engines import models

    model = models.encoder_of(EncodeConfig(device="cpu", precision="float32"))
    wording, languages = codebook.texts(BOOK)
    reference, _, _ = encoder.encode_texts(model, wording, languages=languages)
    embedding, _, _ = encoder.encode_texts(model, TEXTS, languages=LANGUAGES.tolist())
    return codebook.tag(codebook.fit(BOOK, reference), embedding, TEXTS)


def in_this_mix(probability: np.ndarray) -> np.ndarray:
    """Whether the odds are even or better once the share of each tag is that of the sentences.

    Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori probabilities",
    Neural Computation 14.
    """
    own = references(BOOK)
    roles = [members(tag, own) for tag in BOOK.tags]
    share = np.array([1 / (1 + len(negatives(role, own)) / len(role.positive)) for role in roles])
    return logit(probability.astype(np.float64)) - logit(share) + logit(TRUTH.mean(axis=0)) >= 0


def test_the_sentences_are_new() -> None:
    assert len(set(TEXTS)) == 80
    assert not set(TEXTS) & set(codebook.texts(BOOK)[0])


@pytest.mark.slow
def test_the_shipped_book_tags_new_sentences(verdicts: codebook.Verdicts) -> None:
    assert macro_f1(in_this_mix(verdicts.probability)) > FLOOR
    assert macro_f1(verdicts.probability >= 0.5) > FLOOR_AS_SAID


@pytest.mark.slow
def test_yes_is_said_with_care(verdicts: codebook.Verdicts) -> None:
    """36 of the 60 tags that the sentences carry get a yes; 3 of the 180 that they do not."""
    said = verdicts.answer == codebook.YES
    assert (said & TRUTH).sum() >= 0.5 * TRUTH.sum()
    assert (said & ~TRUTH).sum() <= 0.03 * (~TRUTH).sum()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ro", "pl", "it"])
def test_no_language_is_left_behind(verdicts: codebook.Verdicts, language: str) -> None:
    own = language == LANGUAGES
    assert macro_f1(in_this_mix(verdicts.probability)[own], own) > 0.70


@pytest.mark.slow
def test_the_encoder_beats_counting_words(verdicts: codebook.Verdicts) -> None:
    said = macro_f1(verdicts.probability >= 0.5)  # the weaker of the two measures
    for analyzer, ngrams in (("word", (1, 2)), ("char_wb", (2, 5))):
        assert said > macro_f1(by_counting(analyzer, ngrams)) + 0.15


@pytest.mark.slow
def test_few_sentences_that_carry_a_tag_are_denied_it(verdicts: codebook.Verdicts) -> None:
    """The bound is one for sentences like the examples; these were written by the same hand, but later."""
    assert ((verdicts.answer == codebook.NO) & TRUTH).sum() <= 0.10 * TRUTH.sum()
    assert (verdicts.answer == codebook.DOUBT).mean() < 0.25


def macro_f1(said: np.ndarray, rows: np.ndarray | slice = slice(None)) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(TRUTH[rows], said, average="macro"))


def by_counting(analyzer: str, ngrams: tuple[int, int]) -> np.ndarray:
    """TF-IDF and the same logistic regression, fitted to the same positives and negatives."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    wording, _ = codebook.texts(BOOK)
    columns = []
    for tag in BOOK.tags:
        positive = {text for kind in ("examples", "description") for _, text in tag.texts(kind)}
        model = make_pipeline(
            TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams, sublinear_tf=True),
            LogisticRegression(C=10, class_weight="balanced", max_iter=1000),
        )
        columns.append(model.fit(wording, [text in positive for text in wording]).predict(TEXTS))
    return np.array(columns).T

"""Closed classes of English words, as far as finding what is judged needs them, each all or most of its class; and where reasons begin."""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


COPULA = _set("""
    am is are was were be been being seem seems seemed feel feels felt look looks looked sound sounds sounded taste tastes remain remains
    become becomes became get gets got
""")
"""Verbs that a predicate follows."""

UNSURE = _set("get gets got feel felt look looked")
"""Of these, the ones that mostly mean something else."""

PRONOUN = _set("""
    i you he she it we they me him her us them this that these those there what who which one everything something nothing
""")

POINTS = _set("it they them this that these those he she which who")
"""Words that point back: what they stand for was judged before."""

DETERMINER = _set("a an the this that these those my your his her its our their some any each every such no both all")

ADVERB = _set("""
    so very really quite too pretty just not n't rather more most less even still also always never only almost much as bit somewhat far
    way simply super well often sometimes already definitely now then here somehow around maybe perhaps overall
""")
"""Words that may stand before what judges; those in -ly are known by their ending."""

PREPOSITION = _set(
    "of in on at for with from during about to by into over under than like without within between among through"
)

JOIN = _set("""
    and but or that because since though although while when if as how so yet whereas unless until then why where which who
""")
"""Words that begin a clause."""

FINDS = _set("find finds found consider considered")
"""Verbs whose object is followed by what it is found to be."""

OPENS = FINDS | _set("think thinks thought believe believes say says said guess feel agree mean know")
"""Verbs after which an opinion begins."""

VERBS = _set("""
    do does did have has had can could will would should may might must make makes made let go goes went come comes came give gives gave
    take takes took use used need needs keep keeps help helps offer offers add adds don going called
""")
"""Verbs that are no part of a name."""

LIKES = _set("""
    love loves loved like likes liked enjoy enjoys enjoyed hate hates hated dislike dislikes disliked prefer adore appreciate appreciated
    admire miss missed recommend regret
""")
"""Verbs that judge their object."""

INTERJECTION = _set(
    "oh ah aha ooh wow ugh hm hmm huh uh um er well yeah yep nope hey hi hello gosh god whoa oops haha lol"
)
"""Words that stand for themselves."""

POLITE = _set("""
    agree agreed yes yeah sure true fan thanks thank please well hope wish like kind point right hey ok okay no want
""")
"""Words with a valence that mostly greet, agree or mean something else."""

REASON = _set("because since due thanks considering")
"""Words that begin a reason."""

STOP = INTERJECTION | PRONOUN | DETERMINER | ADVERB | PREPOSITION | JOIN | OPENS | VERBS | COPULA | LIKES
"""Words that no name holds."""

_AS = re.compile(
    r",?\s\b(?:as)\s+(?:it|they|he|she|we|you|i|the|this|that|these|those|my|our|their|its|there)\b", re.IGNORECASE
)


def parted(sentence: str) -> tuple[str, str]:
    """A sentence without its reason, and the reason from its first word on; empty where none is given."""
    cuts = [m.start() for w in REASON if (m := re.search(rf"\b{w}\b", sentence, re.IGNORECASE))]
    cuts += [m.start() for m in [_AS.search(sentence)] if m]
    which = re.search(r",\s+which\b", sentence)
    cuts += [which.start()] if which else []
    cut = min((c for c in cuts if sentence[:c].strip(" ,")), default=None)
    if cut is None:
        if cuts and "," in sentence:  # the reason stands first
            first, _, rest = sentence.partition(",")
            return rest, first.strip()
        return sentence, ""
    return sentence[:cut], sentence[cut:].strip(" ,.;!?")

"""What the punctuation of a text shouts or trails off: a sense that CueChain does not know."""

from collections.abc import Iterator, Sequence

from cuechain import Cue, Gap, Sense
from cuechain.agents.perception.sense import Reliability


class Punctuation(Sense):
    """Exclamation marks and dots."""

    name = "punctuation"
    version = "1"
    about = "Exclamation marks and trailing dots of a text."
    streams = frozenset({"text"})
    reliabilities = (Reliability("exclamation_marks", 0.3, "a guess"),)

    def perceive(self, clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        marks = (clip.text or "").count("!")
        if not marks:
            yield Gap(sense=self.name, reason="no punctuation stands out")
            return
        yield Cue(
            sense=self.name,
            text=f"the text uses {marks} exclamation marks",
            confidence=1.0,
            reliability=self.reliabilities[0].value,
            salience=min(1.0, 0.2 * marks),
            measures={"exclamation_marks": marks},
            source=self.source(),
        )

"""One PocketSphinx decoder in a process of its own: it holds the interpreter's lock for seconds while it decodes.

Run as a file, so that it loads PocketSphinx and nothing of this package: 0.4 s and about 110 MB. The options of the decoder come as JSON
in the first argument, each piece of sound on standard input as its length in bytes (32 bits, little-endian) and its samples (int16,
mono). For each piece a line goes out: a JSON list of `[text, first frame, last frame, posterior]`, frames of 10 ms. ANEW instead
of a length begins another clip. It ends with its input.
"""

from __future__ import annotations

import json
import signal
import struct
import sys

LENGTH = struct.Struct("<I")
"""What stands before each piece."""

ANEW = 2**32 - 1
"""Stands in place of a piece where another clip begins."""


def main() -> None:
    """Decode until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    from pocketsphinx import Decoder

    decoder = Decoder(**json.loads(sys.argv[1]))
    while head := sys.stdin.buffer.read(LENGTH.size):
        (size,) = LENGTH.unpack(head)
        if size == ANEW:
            decoder.reinit_feat()  # its running mean of the spectrum starts where it did
            continue
        decoder.start_utt()
        decoder.process_raw(sys.stdin.buffer.read(size), full_utt=True)
        decoder.end_utt()
        found = [(s.word, s.start_frame, s.end_frame, float(s.prob)) for s in decoder.seg() or ()]
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

"""From sources to rows: reading, perceiving, explaining, refusing."""

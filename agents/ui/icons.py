"""Small drawings of the page, as SVG that takes the colour of its text."""

from __future__ import annotations

from functools import cache

_PATHS = {
    "up": '<path d="M7 10v11H3V10h4zm0 0 5-7c1.6 0 2.6 1.2 2.3 2.8L13.6 9H20c1.2 0 2 1.1 1.7 2.2l-2 8c-.3 1.1-1.2 1.8-2.3 1.8H7"/>',
    "down": '<path d="M17 14V3h4v11h-4zm0 0-5 7c-1.6 0-2.6-1.2-2.3-2.8l.7-3.2H4c-1.2 0-2-1.1-1.7-2.2l2-8C4.600 3.700 5.500 3 6.600 3H17"/>',
    "pen": '<path d="M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4"/>',
    "film": '<path d="M3 5h18v14H3zM8 5v14M16 5v14M3 9.700h5M3 14.300h5M16 9.700h5M16 14.300h5"/>',
    "camera": '<path d="M3 6h12v12H3zM15 10.500l6-3.500v10l-6-3.500"/>',
    "mic": '<path d="M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21M8.500 21h7"/>',
    "text": '<path d="M5 5h14M12 5v14M9 19h6"/>',
    "wave": '<path d="M3 12h2M7 8v8M11 4v16M15 7v10M19 10v4M21 12h.5"/>',
    "list": '<path d="M4 6h16M4 12h16M4 18h10"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "moon": '<path d="M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z"/>',
    "cross": '<path d="M6 6l12 12M18 6 6 18"/>',
    "bin": '<path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5"/>',
    "mark": '<path d="M4 12c2.500-6 5.500-6 8 0s5.500 6 8 0"/><circle cx="12" cy="12" r="1.800" fill="currentColor" stroke="none"/>',
}


@cache
def icons() -> dict[str, str]:
    """Name to SVG, hidden from screen readers: what a button does is said by its label."""
    from markupsafe import Markup

    head = (
        '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.7" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
    )
    return {name: Markup(f"{head}{path}</svg>") for name, path in _PATHS.items()}

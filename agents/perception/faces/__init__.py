"""Faces: finding and following them, action units, lips, and how far each measure may be believed."""

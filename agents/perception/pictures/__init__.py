"""Pictures as a whole: print, captions, camera."""

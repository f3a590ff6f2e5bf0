"""Training of the small models inside the senses: words, tone of voice, telling voices apart."""

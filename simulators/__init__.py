"""Counterparts of the components: clouds, appliances and accessories that run without hardware."""

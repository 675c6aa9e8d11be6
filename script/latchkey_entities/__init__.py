"""The tables of entities on the page of Home Connect, made from the rows that make the entities."""

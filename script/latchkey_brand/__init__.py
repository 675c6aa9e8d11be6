"""The artwork of the components, drawn by code: a house with what the component is about, and a keyhole."""

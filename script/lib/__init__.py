"""What the scripts share; standard library only, for any Python from 3.9 on."""

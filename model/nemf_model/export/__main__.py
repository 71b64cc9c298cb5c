"""Runs `python -m nemf_model.export`."""

from nemf_model.export.bundle_writer import main

if __name__ == "__main__":
    main()

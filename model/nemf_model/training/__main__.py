"""Runs `python -m nemf_model.training`."""

from nemf_model.training.train import main

if __name__ == "__main__":
    main()

"""Which runs of training are fit to be compared: those that rounding alone does not move.

Adam divides each gradient by its size, so one that is nearly 0 turns rounding into a step. Every
run is made again from weights nudged in their last places: by one unit, which must move nothing by
more than half of the tests' tolerance, and by eight, which must not move a trained weight by more
than a bound far below it. A run that is moved is drawn again.
"""
import torch

ATTEMPTS = 60


def nudge(model, units):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 1 + (torch.rand(weight.shape, generator=generator) - 0.5) * units * 2.0**-22


def apart(one, other):
    """The greatest difference, of the scale of `one`."""
    return ((one - other).abs().max() / one.abs().max().clamp(min=1e-3)).item()


def first_steady(draw, run, distances, tolerance, weight_bound):
    """The first of the drawn runs that stays where it was.

    run(drawn, units) is the run from nudged weights, distances(one, other) how far two of them are
    apart in all that is compared, and in the trained weights alone.
    """
    for _ in range(ATTEMPTS):
        drawn = draw()
        found = run(drawn, 0)
        if (distances(found, run(drawn, 1))[0] <= tolerance / 2
                and distances(found, run(drawn, 8))[1] <= weight_bound):
            return drawn, found
    raise RuntimeError(f"none of {ATTEMPTS} runs is steady: lower the learning rate")

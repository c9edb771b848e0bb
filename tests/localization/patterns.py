"""Patterns by construction: unit tests, never evidence of accuracy."""

MUSCLES = (
    "gluteus_maximus", "gluteus_medius", "tensor_fasciae_latae", "biceps_femoris_short_head", "semitendinosus",
    "gastrocnemius_medial", "soleus", "tibialis_anterior", "lumbar_paraspinals",
)  # fmt: skip
STUDIES = ("sural_sensory", "superficial_fibular_sensory", "h_reflex")
OPPOSITE = {"left": "right", "right": "left"}
BELOW = {
    "biceps_femoris_short_head": 1,
    "semitendinosus": 1,
    "gastrocnemius_medial": 1,
    "soleus": 1,
    "tibialis_anterior": 1,
}
SCIATIC_NERVES = {"sural_sensory": "reduced", "superficial_fibular_sensory": "absent", "h_reflex": "absent"}

# site: grades of the abnormal muscles, results of the abnormal studies; gluteus maximus has four needle positions, the
# other muscles have one
SHIPPED = {
    "inferior_gluteal": ({"gluteus_maximus": 2}, {}),
    "root_S1": (
        {"gluteus_maximus": 1, "biceps_femoris_short_head": 1, "gastrocnemius_medial": 1, "soleus": 1},
        {"h_reflex": "absent"},
    ),
    "root_L5": (
        {"gluteus_medius": 1, "tensor_fasciae_latae": 1, "tibialis_anterior": 1, "lumbar_paraspinals": 1},
        {},
    ),
    "sacral_plexus": (
        {"gluteus_maximus": 2, "gluteus_medius": 1, "tensor_fasciae_latae": 1, **BELOW},
        {"sural_sensory": "reduced", "superficial_fibular_sensory": "reduced", "h_reflex": "absent"},
    ),
    "sciatic_notch": (BELOW, SCIATIC_NERVES),
    "superior_gluteal": ({"gluteus_medius": 1, "tensor_fasciae_latae": 1}, {}),
    "none": ({}, {}),
}  # fmt: skip


def shipped_tables(site, side="left"):
    """Needle and conduction rows of the shipped examination for a pattern."""
    grades, results = SHIPPED[site]
    needle = [
        {"muscle": name, "side": side, "fibrillation": grades.get(name, 0), "sites": 4 if name == MUSCLES[0] else 1}
        for name in MUSCLES
    ]
    needle.append({"muscle": MUSCLES[0], "side": OPPOSITE[side], "fibrillation": 0, "sites": 1})
    conduction = [
        {"study": name, "side": on, "result": results.get(name, "normal") if on == side else "normal"}
        for name in STUDIES
        for on in ("left", "right")
    ]
    return needle, conduction


def rows(grades, side="left"):
    """Needle rows from a mapping of muscle to grade."""
    return [{"muscle": name, "side": side, "fibrillation": grade} for name, grade in grades.items()]


def mirrored(table):
    """The same rows on the other side."""
    return [{**row, "side": OPPOSITE[row["side"]]} for row in table]


def probabilities(answer):
    """Mapping of site to probability."""
    return dict(zip(answer.posterior["site"], answer.posterior["probability"], strict=True))

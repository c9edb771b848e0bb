"""From signals to clinical statements. Kinds of findings do not know each other."""

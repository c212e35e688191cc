"""What Octosync costs, measured. One module per question; ``python -m benchmarks --help`` lists them.

Counts are exact. Times are given as ratios to something measured in the same run, medians of repeats that take turns:
the absolute numbers belong to one machine in one minute, the ratios travel.
"""

"""Name the packages that are built; everything else is in setup.cfg."""

from setuptools import find_packages, setup

# The recipes, a folder at the top of the repository, are installed within the package.
setup(
    packages=[*find_packages(include=["advnets", "advnets.*"]), "advnets.recipes"],
    package_dir={"advnets.recipes": "recipes"},
)

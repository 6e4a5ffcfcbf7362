"""Copy what a configuration is made of, and nothing else."""

import shutil
from pathlib import Path

# Beside the configuration's own folder.
_MODULE_FOLDERS = ("modules", "glue_jobs", "examples")
_MODULE_FILES = ("*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json")
_LEFT_BEHIND = (".*", "*.tfstate", "*.tfstate.*", "*.tfplan", "__pycache__")


def copy_configuration(repository: Path, copy: Path, configuration: Path) -> None:
    """Copy a configuration, named from the repository, with the modules that it may call."""
    copy.mkdir()
    ignore = shutil.ignore_patterns(*_LEFT_BEHIND)
    for pattern in _MODULE_FILES:
        for file in repository.glob(pattern):
            shutil.copy(file, copy)
    for name in {*_MODULE_FOLDERS, *configuration.parts[:1]}:
        if (repository / name).is_dir():
            shutil.copytree(
                repository / name, copy / name, ignore=ignore, ignore_dangling_symlinks=True
            )

"""Python imports this by itself in each process that a test starts (`contract.ContractPlugin` sees to it): a sandbox
that runs there gets the recorder, anything else goes on as if this were not here."""

import importlib.util
import os
import sys
from pathlib import Path


class _AfterImport:
    """Finds `sandbox.server` as it would be found, and puts the recorder into it once it is there."""

    def find_spec(self, name, path=None, target=None):
        if name != "sandbox.server":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            sys.path.append(str(Path(__file__).parents[1]))
            from contract_recorder import OF_PROCESSES, Recorder

            module.create_app = Recorder(Path(os.environ[OF_PROCESSES]), "process").create_app

        spec.loader.exec_module = exec_module
        return spec


if "SANDBOX_CONTRACT_LOG" in os.environ:
    sys.meta_path.insert(0, _AfterImport())

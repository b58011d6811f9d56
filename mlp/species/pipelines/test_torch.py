"""Two PyTorch loops: which of three differences costs one of them its accuracy?"""

from typing import Literal

import pytest

from mlp import Genome, Result, digest, gene

torch = pytest.importorskip("torch", reason="pip install torch")


class Loop(Genome):
    """A small network on data that PyTorch draws."""

    logits: Literal["raw", "softmax"] = gene("what cross_entropy is given", acts_on="weights")
    decay: Literal["none", "coupled", "decoupled"] = gene("weight decay", acts_on="weights")
    last_batch: Literal["kept", "dropped"] = gene("an epoch's end", acts_on=("order", "updates"))

    def train(self, seed: int) -> Result:
        torch.manual_seed(seed)  # the lab does that too; here it is seen
        y = torch.randint(5, (700,))
        x = torch.randn(700, 20) + 2 * torch.nn.functional.one_hot(y, 20)
        net = torch.nn.Sequential(torch.nn.Linear(20, 16), torch.nn.ReLU(), torch.nn.Linear(16, 5))
        first, fed = digest(net), []
        kind = torch.optim.AdamW if self.decay == "decoupled" else torch.optim.Adam
        adam = kind(net.parameters(), 0.01, weight_decay=0.0 if self.decay == "none" else 0.001)
        for _ in range(6):
            for rows in torch.randperm(230).split(50):
                if self.last_batch == "dropped" and len(rows) < 50:
                    continue
                out = net(x[rows])
                out = out if self.logits == "raw" else out.softmax(1)
                adam.zero_grad()
                torch.nn.functional.cross_entropy(out, y[rows]).backward()
                adam.step()
                fed.append(rows)
        score = (net(x[230:]).argmax(1) == y[230:]).double().mean().item()
        saw: dict[str, str | int] = {"init": first, "order": digest(fed), "updates": len(fed)}
        return Result(score=score, weights=digest(net), saw=dict(saw))


FIT = Loop(logits="raw", decay="none", last_batch="kept")
MINE = Loop(logits="softmax", decay="decoupled", last_batch="dropped")
Loop.name_strains(fit=FIT, mine=MINE)


def test_the_last_batch_makes_no_difference(lab):
    lab.compare(FIT.knockout("last_batch", donor=MINE), FIT, margin=0.1).assert_equivalent()


def test_double_softmax_is_what_is_wrong(lab):
    lab.diagnose(good=FIT, bad=MINE, margin=0.05).assert_causes("logits")

"""Writes the rule files that come with the server from labelled messages and published lists.

    python bench/content_build.py DATA_DIR VERSION

What is left out of the lists, and why, stands here: `TOO_GENERAL`. Origins and licences go into the files.
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from content_learning import load_messages, load_talk
from content_quality import GRID, learn_rule
from msgspec import convert

from folkmoot_governance.content.fold import is_spaceless, read, squeeze
from folkmoot_governance.content.rules import Rule, is_domain

PLACE = Path(__file__).parent.parent / "server" / "folkmoot_server" / "rules"

_ONE_WORD = """
兼职 招聘 网络 QQ 有意者 到货 本店 代购 扣扣 客服 微店 兼值 淘宝 小姐 3P LY JS BT SM 技师 咪咪 全套 全职
性伴侣 网购 代理 专业代理 帮忙点一下 帮忙点下 网络工作 原音铃声 找个妈妈 找个爸爸 免费使用 买小车 电脑传讯
视频来源 下载速度 高清在线 全集在线 在线播放 回复可见 销售热线 四海帮 毒龙 推油 广告代理 资金周转 救市 崩盘
股市圈钱 资金短缺 证监会 桑拿 足交 乳方 da案 答an 用刀横向切腹 完全自杀手册 真心寻找 加我 求抱抱 刚分手 滴我
主页联系 资源群 体制内老师 附近的哥哥 第一骚 pan.quark.cn 小狗求抱抱 线下一对一 点击主页 上门服务 固搭
中国复兴党 阿波罗网 周小川 刘明康 尚福林 孔丹
"""
TOO_GENERAL = frozenset(_ONE_WORD.split()) | {"в личку", "заработок в сети", "детали в ЛС", "Ищу партнеров"}
"""Everyday words, names of persons and parties, other topics than advertising: a list for one place is none for all."""

HEAD = """\
# {title}
# Written by bench/content_build.py; docs/content-rules.md tells how to change it without losing your changes.

format = 1
name = "{name}"
version = "{version}"
origin = "{origin}"
licence = "{licence}"
"""


def rule_text(rule: Rule) -> str:
    """Return a rule as it stands in a rule file."""
    numbers = {"threshold": rule.threshold} if rule.threshold else {}
    lines = ["", "[[rules]]", f'id = "{rule.id}"', f'kind = "{rule.kind}"', f'severity = "{rule.severity}"']
    lines += [f"{name} = {value}" for name, value in numbers.items()]
    assert "'''" not in rule.entries
    return "\n".join([*lines, f"entries = '''\n{rule.entries}\n'''", ""])


def write(name: str, title: str, version: str, origin: str, licence: str, rules: Iterable[Rule]) -> None:
    """Write one rule file."""
    head = HEAD.format(title=title, name=name, version=version, origin=origin, licence=licence)
    (PLACE / f"{name}.toml").write_text(head + "".join(map(rule_text, rules)), "utf-8")


def kept(terms: Iterable[str]) -> str:
    """Return the terms that a rule takes, a line each."""
    cleaned = (term.replace("\u200c", "").replace("🌸", "").strip() for term in terms)
    chosen = {squeeze(term): term for term in cleaned if term not in TOO_GENERAL}
    return "\n".join(sorted(term for folded, term in chosen.items() if len(folded) > (1 if is_spaceless(term) else 2)))


def rule_of(id: str, kind: str, severity: str, entries: str) -> Rule:
    """Return a rule, of what a file of rules has as strings."""
    return convert({"id": id, "kind": kind, "severity": severity, "entries": entries}, Rule)


def domains(place: Path) -> Iterator[Rule]:
    """Yield a rule for each kind of domain."""
    found: dict[str, list[str]] = {}
    for path in sorted(place.glob("bad-domains*.tsv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                domain, kind, _ = line.rstrip("\n").split("\t")
                if is_domain(domain):
                    found.setdefault(kind, []).append(domain)
    severities = {"phishing": "high", "suspicious": "medium", "spam": "medium"}
    for kind, severity in severities.items():
        yield rule_of(f"domain-{kind}", "domain", severity, "\n".join(sorted(found[kind])))


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("version")
    arguments = parser.parse_args()
    version = arguments.version
    lists = json.loads((arguments.data / "terms.json").read_text("utf-8"))

    def terms(id: str, severity: str, name: str) -> Rule:
        return rule_of(id, "term", severity, kept(lists[name]["terms"]))

    write(
        "domains",
        "Domains of phishing and spam.",
        version,
        "github.com/nikolaischunk/discord-phishing-links @0eb32a6; github.com/matomo-org/referrer-spam-list @b1c66b3",
        "MIT; public domain",
        domains(arguments.data),
    )
    write(
        "terms",
        "Advertising and solicitation, Chinese and Russian.",
        version,
        "github.com/richardphoenix/x-chinese-spam-blocker @73aea68; "
        "github.com/konsheng/Sensitive-lexicon (advertising); "
        "github.com/umputun/tg-spam @e14d516; general words left out",
        "MIT",
        [
            terms("zh-solicitation", "medium", "zh_x_spam"),
            terms("zh-advertising", "medium", "zh_ads"),
            terms("ru-advertising", "medium", "tg_spam_stop"),
        ],
    )
    write(
        "profanity",
        "Coarse words, English and Chinese: to flag, not to hold.",
        version,
        "github.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words @5faf2ba",
        "CC-BY-4.0",
        [terms("profanity-en", "low", "ldnoobw_en"), terms("profanity-zh", "low", "ldnoobw_zh")],
    )
    write(
        "spam",
        "Texts that speak for spam, with their weights: English SMS, Telegram (mostly Russian).",
        version,
        "learned from the UCI SMS Spam Collection v.1 (Almeida, Gomez Hidalgo) and github.com/umputun/tg-spam @e14d516",
        "CC-BY-4.0; MIT",
        [learn_rule(load_messages(arguments.data), [read(one.text) for one in load_talk(arguments.data)], GRID[:1])],
    )


if __name__ == "__main__":
    main()

"""What becomes of everything that was derived from erased content: each with its own rule.

The specification lists the same ones (docs/spec/erasure.md, section 4).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """One thing that content goes into, and what an erasure does to it, in both languages."""

    code: str
    en: str
    zh: str


#: In the order in which a purge report lists them.
RULES: Final = (
    Rule(
        "search-index",
        "The keyed values of the erased fields are deleted with the erasure; a rebuild makes none.",
        "被删除字段的检索键值随删除一并清除，重建索引也不会再生成。",
    ),
    Rule(
        "caches",
        "Values that a process remembers are forgotten with the erasure; those of its checking "
        "processes at the latest when they end.",
        "服务进程记住的值随删除一并清空；校验子进程中的值最迟在其结束时消失。",
    ),
    Rule(
        "uploads",
        "Uploads that erased groups alone cite are destroyed with their keys; one that another "
        "record cites stays with that record.",
        "仅由被删除分组引用的附件连同密钥一并销毁；另有记录引用的附件随该记录保留。",
    ),
    Rule(
        "envelopes",
        "Sealed envelopes of erased groups are deleted; who has fetched one keeps it.",
        "被删除分组的密封信封一并删除；已取走者仍持有。",
    ),
    Rule(
        "deliveries",
        "The rows are made anew without the content. What rested on it counts as unknown, never "
        "as better, and answers name the record as erased.",
        "交付统计不含该内容重新生成；依赖它的数值记为未知，绝不变好，答复会指明该记录已删除。",
    ),
    Rule(
        "sampling",
        "The sampling state of the part is read without the content. A lot of which the verdict or "
        "the plan is gone counts as not accepted, and answers name the record as erased.",
        "该零件的抽样状态不再含该内容。判定或方案已删除的批按不接收计，答复会指明该记录已删除。",
    ),
    Rule(
        "features",
        "Verdicts and alarms of erased values are deleted, and the line is scored again without "
        "them. A model that learnt from them holds no row of them and serves on until its next "
        "version, which is trained without; its card names the record.",
        "对已删除数值的判定与报警随之删除，该产线在不含这些数值的情况下重新评分。由其训练的模型"
        "不含任何原始数据行，可用至下一版本，下一版本训练时不再使用；模型卡列明该记录。",
    ),
    Rule(
        "views",
        "Views, exports and receipts that were given out cannot be taken back. They still verify: "
        "the entry stays, and what was signed stays signed.",
        "已交出的视图、导出文件与回执无法收回，且仍可验证：条目仍在，签过的仍是签过的。",
    ),
    Rule(
        "access-receipts",
        "Access receipts and their digests stay: they say who read which groups, not what stood "
        "there.",
        "访问回执及其摘要保留：只说明谁读过哪些分组，不含内容。",
    ),
    Rule(
        "journals",
        "The journals, drafts and spreadsheets on the machines of those who submitted or read are "
        "theirs to delete.",
        "提交方与读取方自己机器上的日志、草稿与表格由其自行删除。",
    ),
    Rule(
        "entry",
        "The entry, its signature and the digests of its groups stay for ever; a digest with a "
        "destroyed salt says nothing.",
        "条目、签名与分组摘要永久保留；盐已销毁的摘要不透露任何内容。",
    ),
)

BACKUPS: Final = Rule(
    "backups",
    "Backups of the database do not matter: they hold ciphertext, and the key that opened it is "
    "destroyed. Copies of the key shelf do: until the last one listed here has expired or was "
    "destroyed, it opens an old backup.",
    "数据库备份无关紧要：其中只有密文，而打开它的密钥已销毁。密钥架的副本则有关："
    "在此处列出的最后一份副本到期或销毁之前，它仍可打开旧备份。",
)

"""How people write units: accepted where a table is imported, and nowhere else.

Records hold codes of Recommendation 20 only. A row is ``code: spellings``, apart by spaces;
capitals count, because mPa and MPa, or St and ST, are not the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_ROWS: Final = """
H87: pcs pcs. pc pc. PCS PC Pcs Pc St St. Stk Stk. Stck ST STK stk Stück pza ks szt шт
H87: 件 个 只 片 支 枚 粒 根 块 张 条 台 颗
EA: ea EA ea. Ea
SET: set sets Satz 套 组
PR: pr pair pairs Paar 对 双 副
DZN: doz dz dozen Dtzd 打
T3: kpcs Kpcs KPCS k-pcs 千件 千个 千只 千片
MIO: Mio
LO: lot Lot 批
KGM: kg KG Kg kgs Kgs kilo 公斤 千克
GRM: g gr G 克
MGM: mg 毫克
MC: ug µg μg mcg 微克
TNE: t to 吨 公吨
LBR: lb lbs LB LBS 磅
ONZ: oz OZ 盎司
MTR: m 米
DMT: dm 分米
CMT: cm CM 厘米 公分
MMT: mm MM Mm 毫米
4H: um µm μm micron 微米
C45: nm 纳米
KMT: km 千米 公里
INH: in in. inch inches " 英寸 吋
FOT: ft foot feet 英尺
77: mil mils thou 密耳
M7: uin µin μin 微英寸
MTK: m2 m² sqm qm ㎡ 平方米 平米
CMK: cm2 cm² ㎠ 平方厘米
MMK: mm2 mm² 平方毫米
INK: in2 in² sqin
FTK: ft2 ft² sqft
MTQ: m3 m³ cbm ㎥ 立方米
CMQ: cm3 cm³ ccm cc 立方厘米
MMQ: mm3 mm³ 立方毫米
LTR: l L ltr 升
MLT: ml mL ML 毫升
4G: ul µl μl uL µL μL 微升
SEC: s sec 秒
C26: ms 毫秒
B98: us µs μs 微秒
MIN: min 分 分钟
HUR: h hr hrs Std 小时
DAY: d day days Tag Tage 天 日
WEE: wk week weeks 周
MON: mo month months 月
ANN: yr year years Jahr 年
CEL: °C ℃ degC oC C 摄氏度
FAH: °F ℉ degF F 华氏度
KEL: K 开尔文
PAL: Pa pa 帕
74: mPa
KPA: kPa kpa KPa 千帕
MPA: MPa Mpa 兆帕
A89: GPa Gpa
A97: hPa
C56: N/mm2 N/mm²
BAR: bar Bar 巴
MBR: mbar
PS: psi PSI Psi lbf/in2
E42: kgf/cm2 kgf/cm²
NEW: N n 牛 牛顿
C20: mN
B73: MN
B47: kN KN 千牛
C78: lbf
F47: N/mm
4P: N/m
NU: Nm N.m N·m N⋅m N-m 牛米 牛·米
F88: Ncm N·cm N.cm
J72: cNm
D83: mNm mN·m
M92: lbf-ft lbf.ft ft-lb ftlb lb-ft lb.ft
F21: lbf-in lbf.in in-lb inlb lb-in
VLT: V v 伏 伏特
2Z: mV
KVT: kV KV
AMP: A 安 安培
4K: mA
B84: uA µA μA
OHM: Ω Ω ohm Ohm 欧 欧姆
E45: mΩ mohm
B49: kΩ kohm kOhm
B75: MΩ Mohm MOhm
FAR: F.
4O: uF µF μF
C41: nF
4T: pF
C14: mH
B90: uH µH μH
AMH: Ah
E09: mAh
D10: S/m
G42: uS/cm µS/cm μS/cm
H61: mS/cm
D33: T
C29: mT
DD: ° deg 度
C81: rad
P1: % ％ pct 百分比
NX: ‰
59: ppm PPM
61: ppb
NA: mg/kg
60: wt% %wt
VP: vol% %vol
HTZ: Hz hz HZ 赫兹
KHZ: kHz
MHZ: MHz
A86: GHz
RPM: rpm 1/min r/min U/min min-1 转/分
WTT: W 瓦 瓦特
C31: mW
KWT: kW KW 千瓦
MAW: MW
D46: VA
KVA: kVA
JOU: J 焦 焦耳
C15: mJ
KJO: kJ
3B: MJ
KWH: kWh 千瓦时 度电
WHR: Wh
CDL: cd
P34: mcd
LUM: lm
LUX: lx lux
A24: cd/m2 cd/m² nit
MTS: m/s
C16: mm/s
H81: mm/min
2X: m/min
KMH: km/h kph
MSK: m/s2 m/s²
L2: l/min L/min lpm
41: ml/min mL/min
MQH: m3/h m³/h
E93: kg/h
F95: mbar·l/s mbar.l/s mbarl/s
G01: Pa·m3/s Pa·m³/s
KMQ: kg/m3 kg/m³
23: g/cm3 g/cm³
M1: mg/l mg/L
GL: g/l g/L
GM: g/m2 g/m² gsm
D34: tex
A47: dtex
M83: den
C34: mol
C38: mol/l mol/L
C65: Pa·s Pa.s
C24: mPa·s mPa.s mPas
C7: cP
4C: cSt
C17: mm2/s mm²/s
D53: W/mK W/(m·K)
2N: dB
Q30: pH PH
57: mesh 目
"""


def _read(rows: str) -> dict[str, str]:
    pairs = (row.split(": ", 1) for row in rows.strip().splitlines())
    return {spelling: code for code, spellings in pairs for spelling in spellings.split()}


#: Spelling -> code.
ALIASES: Final[Mapping[str, str]] = MappingProxyType(_read(_ROWS))

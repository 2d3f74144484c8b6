"""The one table of units: codes of UN/ECE Recommendation 20, names, and what each is worth.

A row is ``code | factor | English | Chinese``; the factor is how many of the quantity's first
unit, written as an exact decimal or a fraction of two. Where they come from, by quantity: SI
units and prefixes from the SI Brochure (BIPM, 9th edition); inch, pound, gallon and what is made
of them from the definitions of 1959 and the Weights and Measures Act (ISO 80000, NIST SP 811);
the calorie from the International Table; standard gravity 9.80665 m/s2 (3rd CGPM). All of them
are exact but the radian, whose factor holds pi to 50 digits.

Quantities that share a dimension stay apart where exchanging them would be a mistake: torque is
no energy, apparent power no power, a fraction by mass none by volume. Hardness is no unit but a
scale, and stands in the codebook of characteristics.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
# count
H87 | 1 | piece | 件
C62 | 1 | one | 个
EA | 1 | each | 每个
NAR | 1 | number of articles | 物品数
NPT | 1 | number of parts | 零件数
PR | 2 | pair | 双
TPR | 20 | ten pairs | 十双
DPR | 24 | dozen pairs | 十二双
DZN | 12 | dozen | 打
DPC | 12 | dozen pieces | 十二件
GRO | 144 | gross | 罗（十二打）
GGR | 1728 | great gross | 大罗（十二罗）
SCO | 20 | score | 二十个
CEN | 100 | hundred | 百
HC | 100 | hundred count | 百计数
MIL | 1000 | thousand | 千
T3 | 1000 | thousand pieces | 千件
MIO | 1000000 | million | 百万
# set
SET | 1 | set | 套
# kit
KT | 1 | kit | 套件
# lot
LO | 1 | lot | 批
# batch
5B | 1 | batch | 炉批
# mass
KGM | 1 | kilogram | 千克
MC | 1e-9 | microgram | 微克
MGM | 1e-6 | milligram | 毫克
CGM | 1e-5 | centigram | 厘克
GRM | 0.001 | gram | 克
HGM | 0.1 | hectogram | 百克
DTN | 100 | decitonne | 公担
TNE | 1000 | tonne | 吨
KTN | 1000000 | kilotonne | 千吨
CTM | 0.0002 | metric carat | 克拉
GRN | 0.00006479891 | grain | 格令
ONZ | 0.028349523125 | ounce | 盎司
LBR | 0.45359237 | pound | 磅
STN | 907.18474 | short ton | 短吨
LTN | 1016.0469088 | long ton | 长吨
# length
MTR | 1 | metre | 米
A11 | 1e-10 | angstrom | 埃
C45 | 1e-9 | nanometre | 纳米
4H | 1e-6 | micrometre | 微米
MMT | 0.001 | millimetre | 毫米
CMT | 0.01 | centimetre | 厘米
DMT | 0.1 | decimetre | 分米
KMT | 1000 | kilometre | 千米
M7 | 0.0000000254 | micro-inch | 微英寸
77 | 0.0000254 | milli-inch | 密耳
INH | 0.0254 | inch | 英寸
FOT | 0.3048 | foot | 英尺
YRD | 0.9144 | yard | 码
SMI | 1609.344 | mile | 英里
NMI | 1852 | nautical mile | 海里
# area
MTK | 1 | square metre | 平方米
H30 | 1e-12 | square micrometre | 平方微米
MMK | 1e-6 | square millimetre | 平方毫米
CMK | 0.0001 | square centimetre | 平方厘米
DMK | 0.01 | square decimetre | 平方分米
KMK | 1000000 | square kilometre | 平方千米
INK | 0.00064516 | square inch | 平方英寸
FTK | 0.09290304 | square foot | 平方英尺
YDK | 0.83612736 | square yard | 平方码
# volume
MTQ | 1 | cubic metre | 立方米
MMQ | 1e-9 | cubic millimetre | 立方毫米
CMQ | 1e-6 | cubic centimetre | 立方厘米
DMQ | 0.001 | cubic decimetre | 立方分米
4G | 1e-9 | microlitre | 微升
MLT | 1e-6 | millilitre | 毫升
CLT | 1e-5 | centilitre | 厘升
DLT | 0.0001 | decilitre | 分升
LTR | 0.001 | litre | 升
HLT | 0.1 | hectolitre | 百升
INQ | 0.000016387064 | cubic inch | 立方英寸
FTQ | 0.028316846592 | cubic foot | 立方英尺
YDQ | 0.764554857984 | cubic yard | 立方码
OZA | 0.0000295735295625 | US fluid ounce | 美制液盎司
GLL | 0.003785411784 | US gallon | 美制加仑
GLI | 0.00454609 | UK gallon | 英制加仑
# time
SEC | 1 | second | 秒
H70 | 1e-12 | picosecond | 皮秒
C47 | 1e-9 | nanosecond | 纳秒
B98 | 1e-6 | microsecond | 微秒
C26 | 0.001 | millisecond | 毫秒
MIN | 60 | minute | 分钟
HUR | 3600 | hour | 小时
DAY | 86400 | day | 天
WEE | 604800 | week | 周
# calendar time
MON | 1 | month | 月
QAN | 3 | quarter of a year | 季度
SAN | 6 | half year | 半年
ANN | 12 | year | 年
# temperature
KEL | 1 | kelvin | 开尔文
CEL | 1 | degree Celsius | 摄氏度
FAH | 5/9 | degree Fahrenheit | 华氏度
# rate of heating
H14 | 1 | degree Celsius per second | 摄氏度每秒
H13 | 1/60 | degree Celsius per minute | 摄氏度每分钟
H12 | 1/3600 | degree Celsius per hour | 摄氏度每小时
# pressure and stress
PAL | 1 | pascal | 帕
74 | 0.001 | millipascal | 毫帕
A97 | 100 | hectopascal | 百帕
KPA | 1000 | kilopascal | 千帕
MPA | 1000000 | megapascal | 兆帕
A89 | 1000000000 | gigapascal | 吉帕
C55 | 1 | newton per square metre | 牛每平方米
KNM | 1000 | kilonewton per square metre | 千牛每平方米
E01 | 10000 | newton per square centimetre | 牛每平方厘米
C56 | 1000000 | newton per square millimetre | 牛每平方毫米
B85 | 0.1 | microbar | 微巴
MBR | 100 | millibar | 毫巴
BAR | 100000 | bar | 巴
ATM | 101325 | standard atmosphere | 标准大气压
E42 | 98066.5 | kilogram-force per square centimetre | 千克力每平方厘米
E41 | 9806650 | kilogram-force per square millimetre | 千克力每平方毫米
PS | 4.4482216152605/0.00064516 | pound-force per square inch | 磅力每平方英寸
N20 | 4448.2216152605/0.00064516 | kip per square inch | 千磅力每平方英寸
# force
NEW | 1 | newton | 牛
B92 | 1e-6 | micronewton | 微牛
C20 | 0.001 | millinewton | 毫牛
B47 | 1000 | kilonewton | 千牛
B73 | 1000000 | meganewton | 兆牛
L40 | 4.4482216152605/16 | ounce-force | 盎司力
C78 | 4.4482216152605 | pound-force | 磅力
# force per length
4P | 1 | newton per metre | 牛每米
C22 | 0.001 | millinewton per metre | 毫牛每米
M23 | 100 | newton per centimetre | 牛每厘米
F47 | 1000 | newton per millimetre | 牛每毫米
N31 | 1000 | kilonewton per metre | 千牛每米
# torque
NU | 1 | newton metre | 牛米
B93 | 1e-6 | micronewton metre | 微牛米
D83 | 0.001 | millinewton metre | 毫牛米
J72 | 0.01 | centinewton metre | 厘牛米
F88 | 0.01 | newton centimetre | 牛厘米
DN | 0.1 | decinewton metre | 分牛米
B48 | 1000 | kilonewton metre | 千牛米
L41 | 0.11298482902761670/16 | ounce-force inch | 盎司力英寸
F21 | 0.11298482902761670 | pound-force inch | 磅力英寸
M92 | 1.3558179483314004 | pound-force foot | 磅力英尺
# voltage
VLT | 1 | volt | 伏
D82 | 1e-6 | microvolt | 微伏
2Z | 0.001 | millivolt | 毫伏
KVT | 1000 | kilovolt | 千伏
# current
AMP | 1 | ampere | 安
C70 | 1e-12 | picoampere | 皮安
C39 | 1e-9 | nanoampere | 纳安
B84 | 1e-6 | microampere | 微安
4K | 0.001 | milliampere | 毫安
B22 | 1000 | kiloampere | 千安
# resistance
OHM | 1 | ohm | 欧
B94 | 1e-6 | microohm | 微欧
E45 | 0.001 | milliohm | 毫欧
B49 | 1000 | kiloohm | 千欧
B75 | 1000000 | megaohm | 兆欧
A87 | 1000000000 | gigaohm | 吉欧
H44 | 1000000000000 | teraohm | 太欧
# resistivity
C61 | 1 | ohm metre | 欧米
C60 | 0.01 | ohm centimetre | 欧厘米
# conductance
SIE | 1 | siemens | 西门子
B99 | 1e-6 | microsiemens | 微西门子
C27 | 0.001 | millisiemens | 毫西门子
# conductivity
D10 | 1 | siemens per metre | 西门子每米
G42 | 0.0001 | microsiemens per centimetre | 微西门子每厘米
H61 | 0.1 | millisiemens per centimetre | 毫西门子每厘米
B77 | 1000000 | megasiemens per metre | 兆西门子每米
# capacitance
FAR | 1 | farad | 法拉
4T | 1e-12 | picofarad | 皮法
C41 | 1e-9 | nanofarad | 纳法
4O | 1e-6 | microfarad | 微法
C10 | 0.001 | millifarad | 毫法
# inductance
81 | 1 | henry | 亨利
C43 | 1e-9 | nanohenry | 纳亨
B90 | 1e-6 | microhenry | 微亨
C14 | 0.001 | millihenry | 毫亨
# charge
COU | 1 | coulomb | 库仑
C40 | 1e-9 | nanocoulomb | 纳库
B86 | 1e-6 | microcoulomb | 微库
D86 | 0.001 | millicoulomb | 毫库
E09 | 3.6 | milliampere hour | 毫安时
AMH | 3600 | ampere hour | 安时
# electric field strength
D50 | 1 | volt per metre | 伏每米
D51 | 1000 | volt per millimetre | 伏每毫米
B55 | 1000 | kilovolt per metre | 千伏每米
# magnetic flux density
D33 | 1 | tesla | 特斯拉
D81 | 1e-6 | microtesla | 微特
C29 | 0.001 | millitesla | 毫特
# angle
DD | 1 | degree of angle | 度
D61 | 1/60 | minute of angle | 角分
D62 | 1/3600 | second of angle | 角秒
A91 | 0.9 | gon | 百分度
M44 | 360 | revolution | 转
C81 | 180/3.1415926535897932384626433832795028841971693993751 | radian | 弧度
C25 | 0.180/3.1415926535897932384626433832795028841971693993751 | milliradian | 毫弧度
# ratio
Q26 | 1 | one per one | 一比一
P1 | 0.01 | percent | 百分之一
NX | 0.001 | part per thousand | 千分之一
59 | 1e-6 | part per million | 百万分之一
61 | 1e-9 | part per billion | 十亿分之一
# fraction by mass
M29 | 1 | kilogram per kilogram | 千克每千克
60 | 0.01 | percent by mass | 质量百分比
H64 | 0.001 | milligram per gram | 毫克每克
NA | 1e-6 | milligram per kilogram | 毫克每千克
J33 | 1e-9 | microgram per kilogram | 微克每千克
# fraction by volume
K62 | 1 | litre per litre | 升每升
VP | 0.01 | percent by volume | 体积百分比
L19 | 0.001 | millilitre per litre | 毫升每升
J36 | 1e-6 | microlitre per litre | 微升每升
# frequency
HTZ | 1 | hertz | 赫兹
KHZ | 1000 | kilohertz | 千赫
MHZ | 1000000 | megahertz | 兆赫
A86 | 1000000000 | gigahertz | 吉赫
# rotational speed
RPS | 1 | revolution per second | 转每秒
RPM | 1/60 | revolution per minute | 转每分钟
# power
WTT | 1 | watt | 瓦
D80 | 1e-6 | microwatt | 微瓦
C31 | 0.001 | milliwatt | 毫瓦
KWT | 1000 | kilowatt | 千瓦
MAW | 1000000 | megawatt | 兆瓦
N12 | 735.49875 | metric horsepower | 米制马力
# apparent power
D46 | 1 | volt-ampere | 伏安
KVA | 1000 | kilovolt-ampere | 千伏安
# energy
JOU | 1 | joule | 焦
C15 | 0.001 | millijoule | 毫焦
KJO | 1000 | kilojoule | 千焦
3B | 1000000 | megajoule | 兆焦
WHR | 3600 | watt hour | 瓦时
KWH | 3600000 | kilowatt hour | 千瓦时
MWH | 3600000000 | megawatt hour | 兆瓦时
85 | 1.3558179483314004 | foot pound-force | 英尺磅力
E14 | 4186.8 | kilocalorie | 千卡
# energy per area
B13 | 1 | joule per square metre | 焦每平方米
E43 | 10000 | joule per square centimetre | 焦每平方厘米
# luminous intensity
CDL | 1 | candela | 坎德拉
P34 | 0.001 | millicandela | 毫坎德拉
# luminous flux
LUM | 1 | lumen | 流明
# illuminance
LUX | 1 | lux | 勒克斯
KLX | 1000 | kilolux | 千勒克斯
# luminance
A24 | 1 | candela per square metre | 坎德拉每平方米
# luminous efficacy
B61 | 1 | lumen per watt | 流明每瓦
# speed
MTS | 1 | metre per second | 米每秒
C16 | 0.001 | millimetre per second | 毫米每秒
2M | 0.01 | centimetre per second | 厘米每秒
H81 | 1/60000 | millimetre per minute | 毫米每分钟
2X | 1/60 | metre per minute | 米每分钟
KMH | 5/18 | kilometre per hour | 千米每小时
IU | 0.0254 | inch per second | 英寸每秒
M63 | 0.0254/60 | inch per minute | 英寸每分钟
FS | 0.3048 | foot per second | 英尺每秒
HM | 0.44704 | mile per hour | 英里每小时
KNT | 1852/3600 | knot | 节
# acceleration
MSK | 1 | metre per second squared | 米每二次方秒
M41 | 0.001 | millimetre per second squared | 毫米每二次方秒
K40 | 9.80665 | standard acceleration of free fall | 标准重力加速度
# flow of volume
MQS | 1 | cubic metre per second | 立方米每秒
MQH | 1/3600 | cubic metre per hour | 立方米每小时
G53 | 1/60 | cubic metre per minute | 立方米每分钟
G51 | 0.001 | litre per second | 升每秒
L2 | 0.001/60 | litre per minute | 升每分钟
E32 | 0.001/3600 | litre per hour | 升每小时
40 | 1e-6 | millilitre per second | 毫升每秒
41 | 1/60000000 | millilitre per minute | 毫升每分钟
2J | 1e-6 | cubic centimetre per second | 立方厘米每秒
G49 | 1/60000000 | cubic centimetre per minute | 立方厘米每分钟
G2 | 0.003785411784/60 | US gallon per minute | 美制加仑每分钟
# flow of mass
KGS | 1 | kilogram per second | 千克每秒
E93 | 1/3600 | kilogram per hour | 千克每小时
F31 | 1/60 | kilogram per minute | 千克每分钟
F29 | 0.001 | gram per second | 克每秒
F28 | 0.001/60 | gram per minute | 克每分钟
# leak rate
G01 | 1 | pascal cubic metre per second | 帕立方米每秒
F99 | 0.001 | pascal litre per second | 帕升每秒
F95 | 0.1 | millibar litre per second | 毫巴升每秒
F91 | 100 | bar litre per second | 巴升每秒
# mass per volume
KMQ | 1 | kilogram per cubic metre | 千克每立方米
GQ | 1e-9 | microgram per cubic metre | 微克每立方米
GP | 1e-6 | milligram per cubic metre | 毫克每立方米
A93 | 0.001 | gram per cubic metre | 克每立方米
H29 | 1e-6 | microgram per litre | 微克每升
M1 | 0.001 | milligram per litre | 毫克每升
GL | 1 | gram per litre | 克每升
B35 | 1000 | kilogram per litre | 千克每升
B34 | 1000 | kilogram per cubic decimetre | 千克每立方分米
23 | 1000 | gram per cubic centimetre | 克每立方厘米
GJ | 1000 | gram per millilitre | 克每毫升
87 | 0.45359237/0.028316846592 | pound per cubic foot | 磅每立方英尺
LA | 0.45359237/0.000016387064 | pound per cubic inch | 磅每立方英寸
# mass per area
28 | 1 | kilogram per square metre | 千克每平方米
GO | 1e-6 | milligram per square metre | 毫克每平方米
GM | 0.001 | gram per square metre | 克每平方米
H63 | 0.01 | milligram per square centimetre | 毫克每平方厘米
25 | 10 | gram per square centimetre | 克每平方厘米
# mass per length
KL | 1 | kilogram per metre | 千克每米
GF | 0.001 | gram per metre | 克每米
D34 | 1e-6 | tex | 特克斯
A47 | 1e-7 | decitex | 分特
M83 | 1/9000000 | denier | 旦尼尔
# amount of substance
C34 | 1 | mole | 摩尔
FH | 1e-6 | micromole | 微摩尔
C18 | 0.001 | millimole | 毫摩尔
B45 | 1000 | kilomole | 千摩尔
# amount per volume
C36 | 1 | mole per cubic metre | 摩尔每立方米
M33 | 1 | millimole per litre | 毫摩尔每升
C38 | 1000 | mole per litre | 摩尔每升
# dynamic viscosity
C65 | 1 | pascal second | 帕秒
C24 | 0.001 | millipascal second | 毫帕秒
C7 | 0.001 | centipoise | 厘泊
89 | 0.1 | poise | 泊
# kinematic viscosity
S4 | 1 | square metre per second | 平方米每秒
C17 | 1e-6 | square millimetre per second | 平方毫米每秒
4C | 1e-6 | centistokes | 厘斯
91 | 0.0001 | stokes | 斯托克斯
# thermal conductivity
D53 | 1 | watt per metre kelvin | 瓦每米开尔文
# thermal expansion
C91 | 1 | reciprocal kelvin | 每开尔文
# level
2N | 1 | decibel | 分贝
# acidity
Q30 | 1 | pH | 酸碱度
# grid
57 | 1 | mesh | 目
"""

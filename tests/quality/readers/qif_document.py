"""A QIF 3 document of our own, of which tests change one thing."""

from __future__ import annotations

from typing import Final

DOCUMENT: Final = """<?xml version="1.0" encoding="UTF-8"?>
<QIFDocument xmlns="http://qifstandards.org/xsd/qif3" versionQIF="3.0.0" idMax="60">
 <PreInspectionTraceability>
  <InspectingOrganization><Name>Rheintal Systems</Name></InspectingOrganization>
  <SupplierCode>RT-01</SupplierCode>
  <PurchaseOrderNumber>PO 7</PurchaseOrderNumber>
 </PreInspectionTraceability>
 <FileUnits>
  <PrimaryUnits>
   <AngularUnit><SIUnitName>radian</SIUnitName><UnitName>degree</UnitName></AngularUnit>
   <LinearUnit><SIUnitName>meter</SIUnitName><UnitName>mm</UnitName></LinearUnit>
  </PrimaryUnits>
  <OtherUnits>
   <LinearUnit><SIUnitName>meter</SIUnitName><UnitName>inch</UnitName></LinearUnit>
  </OtherUnits>
 </FileUnits>
 <MeasurementResources><MeasurementDevices n="1">
  <Micrometer id="9">
   <Name>Micrometer</Name><SerialNumber>M-17</SerialNumber><Resolution>.001</Resolution>
  </Micrometer>
 </MeasurementDevices></MeasurementResources>
 <Product><PartSet n="1"><Part id="1" label="轴">
  <ModelNumber>SH-100</ModelNumber><Version>C</Version>
 </Part></PartSet></Product>
 <Features><FeatureNominals n="1"><CircleFeatureNominal id="70">
  <Location>1 2 3</Location>
 </CircleFeatureNominal></FeatureNominals></Features>
 <Characteristics>
  <CharacteristicDefinitions n="5">
   <DiameterCharacteristicDefinition id="11"><Tolerance>
    <MaxValue>0.05</MaxValue><MinValue>-0.02</MinValue><DefinedAsLimit>false</DefinedAsLimit>
   </Tolerance></DiameterCharacteristicDefinition>
   <AngleCharacteristicDefinition id="12"><Tolerance>
    <MaxValue>45.5</MaxValue><DefinedAsLimit>true</DefinedAsLimit>
   </Tolerance></AngleCharacteristicDefinition>
   <FlatnessCharacteristicDefinition id="13">
    <ToleranceValue>0.1</ToleranceValue>
   </FlatnessCharacteristicDefinition>
   <UserDefinedAttributeCharacteristicDefinition id="14"/>
   <LengthCharacteristicDefinition id="15">
    <NonTolerance>MEASURED</NonTolerance>
   </LengthCharacteristicDefinition>
  </CharacteristicDefinitions>
  <CharacteristicNominals n="5">
   <DiameterCharacteristicNominal id="21">
    <CharacteristicDefinitionId>11</CharacteristicDefinitionId><TargetValue>25.00</TargetValue>
   </DiameterCharacteristicNominal>
   <AngleCharacteristicNominal id="22">
    <CharacteristicDefinitionId>12</CharacteristicDefinitionId>
   </AngleCharacteristicNominal>
   <FlatnessCharacteristicNominal id="23">
    <CharacteristicDefinitionId>13</CharacteristicDefinitionId>
   </FlatnessCharacteristicNominal>
   <UserDefinedAttributeCharacteristicNominal id="24">
    <CharacteristicDefinitionId>14</CharacteristicDefinitionId>
   </UserDefinedAttributeCharacteristicNominal>
   <LengthCharacteristicNominal id="25">
    <CharacteristicDefinitionId>15</CharacteristicDefinitionId>
   </LengthCharacteristicNominal>
  </CharacteristicNominals>
  <CharacteristicItems n="5">
   <DiameterCharacteristicItem id="31"><Name>直径</Name>
    <CharacteristicDesignator><Designator>10</Designator>
     <Criticality><LevelEnum>KEY</LevelEnum></Criticality></CharacteristicDesignator>
    <MeasurementDeviceIds n="1"><Id>9</Id></MeasurementDeviceIds>
    <CharacteristicNominalId>21</CharacteristicNominalId>
   </DiameterCharacteristicItem>
   <AngleCharacteristicItem id="32"><Name>Chamfer</Name>
    <CharacteristicNominalId>22</CharacteristicNominalId></AngleCharacteristicItem>
   <FlatnessCharacteristicItem id="33"><Name>Face</Name>
    <CharacteristicNominalId>23</CharacteristicNominalId></FlatnessCharacteristicItem>
   <UserDefinedAttributeCharacteristicItem id="34"><Name>Scratch</Name>
    <CharacteristicNominalId>24</CharacteristicNominalId>
   </UserDefinedAttributeCharacteristicItem>
   <LengthCharacteristicItem id="35"><Name>Length</Name>
    <CharacteristicNominalId>25</CharacteristicNominalId></LengthCharacteristicItem>
  </CharacteristicItems>
 </Characteristics>
 <Results>
  <MeasurementResultsSet n="2">
   <MeasurementResults id="41">
    <InspectionTraceability>
     <InspectionStart>2024-05-17T08:00:00+02:00</InspectionStart>
     <InspectionOperator><Name>Huber</Name></InspectionOperator>
    </InspectionTraceability>
    <MeasuredCharacteristics><CharacteristicMeasurements n="3">
     <DiameterCharacteristicMeasurement id="51">
      <Status><CharacteristicStatusEnum>PASS</CharacteristicStatusEnum></Status>
      <CharacteristicItemId>31</CharacteristicItemId>
      <ManufacturingProcessId>8</ManufacturingProcessId>
      <NonConformanceDesignator>NA</NonConformanceDesignator><Value>25.012</Value>
     </DiameterCharacteristicMeasurement>
     <AngleCharacteristicMeasurement id="52">
      <Status><CharacteristicStatusEnum>FAIL</CharacteristicStatusEnum></Status>
      <CharacteristicItemId>32</CharacteristicItemId>
      <NonConformanceDesignator>N-4</NonConformanceDesignator><Value>46.1</Value>
     </AngleCharacteristicMeasurement>
     <UserDefinedAttributeCharacteristicMeasurement id="53">
      <Status><CharacteristicStatusEnum>FAIL</CharacteristicStatusEnum></Status>
      <CharacteristicItemId>34</CharacteristicItemId><Value>one scratch</Value>
     </UserDefinedAttributeCharacteristicMeasurement>
    </CharacteristicMeasurements></MeasuredCharacteristics>
    <ActualComponentIds n="1"><Id>61</Id></ActualComponentIds>
   </MeasurementResults>
   <MeasurementResults id="42">
    <MeasuredCharacteristics><CharacteristicMeasurements n="2">
     <DiameterCharacteristicMeasurement id="54">
      <Status><CharacteristicStatusEnum>PASS</CharacteristicStatusEnum></Status>
      <CharacteristicItemId>31</CharacteristicItemId><Value>2.4998E+1</Value>
     </DiameterCharacteristicMeasurement>
     <FlatnessCharacteristicMeasurement id="55">
      <Status><CharacteristicStatusEnum>NOT_ANALYZED</CharacteristicStatusEnum></Status>
      <CharacteristicItemId>33</CharacteristicItemId>
     </FlatnessCharacteristicMeasurement>
    </CharacteristicMeasurements></MeasuredCharacteristics>
    <ActualComponentIds n="1"><Id>62</Id></ActualComponentIds>
   </MeasurementResults>
  </MeasurementResultsSet>
  <ActualComponentSets n="1"><ActualComponentSet n="2">
   <ActualComponent id="61"><SerialNumber>S-1</SerialNumber></ActualComponent>
   <ActualComponent id="62"><SerialNumber>S-2</SerialNumber></ActualComponent>
  </ActualComponentSet></ActualComponentSets>
 </Results>
 <Statistics><StatisticalStudiesResults n="1"><CapabilityStudyResults id="80">
  <Status><StatsEvalStatusEnum>PASS</StatsEvalStatusEnum></Status>
  <CharacteristicsStats n="1"><DiameterCharacteristicStats>
   <MeasurementIds><Ids n="2"><Id>51</Id><Id>54</Id></Ids></MeasurementIds>
   <ValueStats><TotalNumber>2</TotalNumber><Cpk>1.41</Cpk></ValueStats>
  </DiameterCharacteristicStats></CharacteristicsStats>
  <NumberOfSamples>2</NumberOfSamples>
 </CapabilityStudyResults></StatisticalStudiesResults></Statistics>
 <ManufacturingProcessTraceabilities><ManufacturingProcessTraceability id="8">
  <MachineIdentifier>L-3</MachineIdentifier>
 </ManufacturingProcessTraceability></ManufacturingProcessTraceabilities>
</QIFDocument>
"""

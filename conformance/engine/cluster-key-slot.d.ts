// The package ships no types: one function, the CRC16 hash slot of a key (0 to 16383).
declare module "cluster-key-slot" {
  const keySlot: (key: string) => number;
  export default keySlot;
}

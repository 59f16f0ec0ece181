// Which loopback addresses a deployment may take. In a network namespace all are free; on the host's network a part of 127.0.0.0/8 is
// claimed for as long as the deployment lives, by listening on an address of it that no node uses. Opens no other port.

import { createServer } from "node:net";
import { TargetError } from "../target.ts";

export interface Network {
  /** The first two octets, e.g. "127.0". */
  readonly prefix: string;
  release(): void;
}

const [first, last] = [10, 249];
const claimPort = 6379; // the nodes' own: who listens on every address there is noticed, too

const claim = (prefix: string): Promise<Network | undefined> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", () => resolve(undefined));
    server.listen(claimPort, `${prefix}.255.254`, () => resolve({ prefix, release: () => void server.close() }));
  });

/** The whole of 127.0 in a namespace of our own, else the first free 127.10 to 127.249, tried from a random one on. */
export async function takeNetwork(): Promise<Network> {
  if (process.env["HOLDFAST_NETNS"] !== undefined) return { prefix: "127.0", release: () => {} };
  const start = Math.floor(Math.random() * (last - first));
  for (let tried = 0; tried <= last - first; tried++) {
    const network = await claim(`127.${first + ((start + tried) % (last - first + 1))}`);
    if (network !== undefined) return network;
  }
  throw new TargetError(
    `somebody listens on port ${claimPort} of every loopback address from 127.${first} to 127.${last}: stop it, or run where namespaces are granted`,
  );
}

// The catalogue of targets, by name. A new target is one line here.

import { processTarget } from "./process/process-target.ts";
import type { Target } from "./target.ts";

export const targets: Readonly<Record<string, Target>> = { process: processTarget };

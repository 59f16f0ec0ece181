// The catalogue of checks, in the order reports show them. A new pattern is one line here.

import type { Check } from "./check.ts";
import { connectionCheck } from "./connection.ts";

export const allChecks: readonly Check[] = [connectionCheck];

import { type Line } from './line';
import { COSTS } from './costs';
import { P1_ACCEPT } from './p1-accept';
import { P2_ACTIVATE } from './p2-activate';
import { P3_THROUGHPUT } from './p3-throughput';
import { P4_ISOLATION } from './p4-isolation';
import { P5_SIGNED_CALL } from './p5-signed-call';
import { P6_DEDICATED } from './p6-dedicated';
import { P7_WAITING } from './p7-waiting';
import { P8_GROWTH } from './p8-growth';
import { P9_START } from './p9-start';
import { P11_AI_GATEWAY } from './p11-ai-gateway';
import { P12A_INGEST } from './p12a-ingest';
import { P12B_IMPACT } from './p12b-impact';
import { P12C_EXPORT } from './p12c-export';
import { P12D_GROWTH } from './p12d-growth';
import { P14_FLEET } from './p14-fleet';

/** All benchmark lines. To add one, create its file and list it here. */
export const LINES: readonly Line[] = [
  P1_ACCEPT,
  P2_ACTIVATE,
  P3_THROUGHPUT,
  P4_ISOLATION,
  P5_SIGNED_CALL,
  P6_DEDICATED,
  P7_WAITING,
  P8_GROWTH,
  P9_START,
  P11_AI_GATEWAY,
  P12A_INGEST,
  P12B_IMPACT,
  P12C_EXPORT,
  P12D_GROWTH,
  COSTS,
  P14_FLEET,
];

import { useMay } from '../session';
import { Queue } from './incidents/queue';
import { Reports } from './incidents/reports';

/** What a user sees first. */
export function Home() {
  return useMay('fulfiller') ? <Queue /> : <Reports />;
}

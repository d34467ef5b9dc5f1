import { useMay } from '../../session';
import { ReportIncident } from './report-incident';
import { ReportProblem } from './report-problem';

/** Requesters report a problem in their words, the others an incident. */
export function NewIncident() {
  return useMay('fulfiller') ? <ReportIncident /> : <ReportProblem />;
}

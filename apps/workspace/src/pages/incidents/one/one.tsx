import { useParams } from '@tanstack/react-router';
import { useMay } from '../../../session';
import { IncidentPage } from './incident-page';
import { ReportPage } from './report-page';

/** Requesters see what became of their report, the others work on the incident. */
export function OneIncident() {
  const { id } = useParams({ from: '/signed-in/incidents/$id' });
  const isFulfiller = useMay('fulfiller');
  // The key drops what was typed for another incident.
  return isFulfiller ? <IncidentPage key={id} id={id} /> : <ReportPage key={id} id={id} />;
}

import { ProblemError, type TenantPlaneSchemas } from '@atlas/web';
import { ME, queries } from '../api';

export type Import = TenantPlaneSchemas['schemas']['ImportView'];
type Problem = ProblemError['problem'];

export interface Upload {
  readonly file: File;
  readonly signal: AbortSignal;
  readonly onProgress: (percent: number) => void;
}

/** Sends an archive. `fetch` cannot say how much has been sent, so this is not a call of the API client. */
export function uploadArchive({ file, signal, onProgress }: Upload): Promise<Import> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/imports');
    request.setRequestHeader('content-type', 'application/gzip');
    request.setRequestHeader('accept', 'application/json');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? (100 * loaded) / total : 0);
    request.onload = () => {
      const answer: unknown = request.response;
      if (request.status === 202) resolve(answer as Import);
      else reject(refusalOf(answer, request.status));
    };
    request.onerror = () => reject(new Error('No answer'));
    request.onabort = () => reject(new DOMException('Stopped', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

function refusalOf(answer: unknown, status: number): Error {
  if (typeof answer !== 'object' || answer === null || !('code' in answer))
    return new Error(`The server answered ${status}.`);
  const problem = answer as Problem;
  if (problem.code === 'unauthenticated') queries.setQueryData(ME, null);
  return new ProblemError(problem);
}

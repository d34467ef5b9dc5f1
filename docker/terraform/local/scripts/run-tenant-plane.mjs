// Runs the tenant plane of the folder, after recording this process as the plane.
import { claim } from './claim.mjs';
import { given, requireAsPlane } from './requirements.mjs';

claim(given('TENANT_PLANE_FOLDER'));
requireAsPlane('./main.js');

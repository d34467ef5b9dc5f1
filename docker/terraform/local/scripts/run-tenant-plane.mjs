// Becomes the tenant plane of the folder, which is written down before it does anything.
import { claim } from './claim.mjs';
import { given, requireAsPlane } from './requirements.mjs';

claim(given('TENANT_PLANE_FOLDER'));
requireAsPlane('./main.js');

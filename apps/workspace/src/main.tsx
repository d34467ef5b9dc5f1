import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { show } from '@atlas/web';
import { RouterProvider } from '@tanstack/react-router';
import { queries } from './api';
import { keepPageWithoutParts } from './lost-parts';
import { router } from './router';

keepPageWithoutParts();
show(<RouterProvider router={router} />, queries);

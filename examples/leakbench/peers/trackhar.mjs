// Values that TrackHAR reads out of a HAR: one JSON line for each request of which an adapter knows something.
// npm install trackhar; node trackhar.mjs FILE.har
import { readFileSync } from 'node:fs';
import { process as read } from 'trackhar';

const har = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const results = await read(har);
results.forEach((result, position) => {
    if (!result || result.length === 0) return;
    const { url } = har.log.entries[position].request;
    const values = result.map(({ property, value, adapter }) => ({ property, value, adapter }));
    console.log(JSON.stringify({ host: new URL(url).host, url, values }));
});

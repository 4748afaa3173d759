import { byWords, moreLikeThis, narrowedDown, withPictures } from "./search_asked_steps.ts";
import { askingEnds, backFromPicture } from "./search_back_steps.ts";
import { openSearchHouse } from "./search_house.ts";
import { everyStateIsSound, faultsAreTold, withoutScripts } from "./search_plain_steps.ts";
import { cameBack, scrolled, throughTheGrid, unfolded } from "./search_shown_steps.ts";

Deno.test("photos are searched for by words, pictures and filters in a browser", async () => {
  const house = await openSearchHouse();
  await byWords(house);
  await narrowedDown(house);
  await scrolled(house);
  await throughTheGrid(house);
  await cameBack(house);
  await unfolded(house);
  await withPictures(house);
  await moreLikeThis(house);
  await backFromPicture(house);
  await askingEnds(house);
  await everyStateIsSound(house);
  await faultsAreTold(house);
  await withoutScripts(house);
  await house.close();
});

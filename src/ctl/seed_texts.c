#include "ctl/seed_private.h"

#include "base/count.h"

#include <ctype.h>

static const struct seed_task tasks[] = {
	{ "Try our recipe app and say what confused you", "Testing",
	  "Install the app, look for a dinner for four people, and put it on the shopping list. Write "
	  "down every moment in which you did not know what to do next.",
	  "Three or more places where you got stuck, each with a screenshot.", 12 },
	{ "Transcribe a 5 minute interview", "Transcription",
	  "A bee keeper talks about her first year. The sound is clear. Leave out the ums, keep the "
	  "sentences as they were said.",
	  "The text, with the time at the start of each answer.", 25 },
	{ "Label 50 photos of street signs", "Data entry",
	  "Say for each photo which sign it shows and whether something covers it. The list of signs "
	  "comes with the photos.",
	  "The filled-in table as CSV.", 15 },
	{ "Read two pages aloud in Spanish", "Audio",
	  "We need clear voices of all ages for a language course. A quiet room and a phone will do.",
	  "A link to the recording, and where you learned to speak Spanish.", 18 },
	{ "Find the opening hours of 20 libraries", "Research",
	  "The list has names and towns. Look at each library's own page, never at a map service.",
	  "A line for each library, with the address of the page.", 10 },
	{ "Check our Portuguese shop for mistakes", "Translation",
	  "The shop was translated in a hurry. Read the ten pages of the list as a customer would and "
	  "tell us what sounds wrong.",
	  "Old and new wording, page by page.", 30 },
	{ "Answer 12 questions about your way to work", "Survey",
	  "A university asks how people commute. It takes 6 minutes and no names are kept.",
	  "The code shown after the last question.", 4 },
	{ "Compare prices of five coffee machines", "Research",
	  "Look in at least two shops of your country for each machine. Delivery counts.",
	  "Shop, price, delivery and link for each of the five.", 9 },
	{ "Draw a logo sketch for a small bakery", "Design",
	  "Pencil or screen, as you like. The bakery is called Early Bird and opens at five.",
	  "A picture, and a sentence on what you had in mind.", 45 },
	{ "Type in 30 handwritten index cards", "Data entry",
	  "A club's members from 1974 to 1990. The writing is neat. Put a question mark where you are "
	  "not sure.",
	  "The cards as a table.", 14 },
	{ "Watch a product film and say what it is about", "Testing",
	  "The film is 90 seconds long. We want to know what a person remembers who has never heard "
	  "of us.",
	  "Three sentences, written without watching it again.", 5 },
	{ "Write a short guide to your favourite walk", "Writing",
	  "300 to 500 words for visitors: where it starts, what there is to see, where to rest.",
	  "The text, and two photos of your own.", 35 },
};

static const char *const first_names[] = {
	"Mia",	 "Noah",  "Amara", "Luca",  "Ines",  "Ravi",  "Greta", "Omar",
	"Sofia", "Jonas", "Leila", "Mateo", "Hana",  "Emil",  "Zuri",  "Ivan",
	"Nora",	 "Kenji", "Alma",  "Samir", "Clara", "Diego", "Freya", "Tariq",
};

static const char *const last_names[] = {
	"Tanaka", "Berg",     "Okafor", "Rossi",  "Silva", "Patel",    "Novak",	 "Haddad",
	"Moreau", "Lindholm", "Karimi", "Vargas", "Sato",  "Keller",   "Mwangi", "Petrov",
	"Dahl",	  "Mori",     "Costa",	"Rahman", "Weber", "Castillo", "Nilsen", "Aziz",
};

static const char *const works[] = {
	"All done, the file is at https://files.example/share/4f1c. Line 7 was hard to read.",
	"Finished this morning. Everything is in the table, and my notes are at its end.",
	"Here it is. I was not sure about the last two and marked them.",
	"Done as described. It took me 25 minutes; tell me if something is missing.",
	"See https://pictures.example/a/90210 for the screenshots, in the order of your list.",
};

static const char *const reasons[] = {
	"The second half is missing.",
	"The link does not open.",
	"This is another person's work, word for word.",
};

const struct seed_task *seed_task(int64_t index)
{
	return &tasks[index % (int64_t)COUNT_OF(tasks)];
}

const char *seed_title(struct arena *arena, int64_t index)
{
	const char *title = seed_task(index)->title;
	int64_t round = index / (int64_t)COUNT_OF(tasks);

	return round ? arena_printf(arena, "%s (part %lld)", title, (long long)round + 1) : title;
}

/* Goes through all pairs before one comes again. */
static const char *last_name(int64_t number)
{
	int64_t firsts = COUNT_OF(first_names);

	return last_names[(number / firsts + number) % (int64_t)COUNT_OF(last_names)];
}

const char *seed_name(struct arena *arena, int64_t number)
{
	return arena_printf(arena, "%s %s", first_names[number % (int64_t)COUNT_OF(first_names)],
			    last_name(number));
}

const char *seed_mailbox(struct arena *arena, int64_t number)
{
	int64_t round = number / (int64_t)(COUNT_OF(first_names) * COUNT_OF(last_names));
	char *mailbox = round ? arena_printf(arena, "%s.%lld", seed_name(arena, number),
					     (long long)round + 1) :
				arena_text(arena, seed_name(arena, number));

	for (char *at = mailbox; *at; at++)
		*at = *at == ' ' ? '.' : (char)tolower((unsigned char)*at);
	return mailbox;
}

const char *seed_work(int64_t index)
{
	return works[index % (int64_t)COUNT_OF(works)];
}

const char *seed_reason(int64_t index)
{
	return reasons[index % (int64_t)COUNT_OF(reasons)];
}

#include "datasets/generator/words.h"

namespace tact::datasets {

const std::vector<std::string>& SeenNames() {
  static const std::vector<std::string> names = {
      "Adam",    "Agnes",   "Alan",     "Albert", "Alice",   "Alma",   "Amanda",  "Amy",
      "Andrea",  "Andrew",  "Angela",   "Anita",  "Ann",     "Anton",  "Arthur",  "Astrid",
      "Barbara", "Basil",   "Beatrice", "Ben",    "Bernard", "Bert",   "Betty",   "Bianca",
      "Boris",   "Brenda",  "Brian",    "Bruno",  "Carl",    "Carmen", "Carol",   "Cecil",
      "Celia",   "Charles", "Cindy",    "Claire", "Clara",   "Colin",  "Cora",    "Curt",
      "Daisy",   "Daniel",  "Daphne",   "David",  "Dean",    "Delia",  "Dennis",  "Derek",
      "Diana",   "Donald",  "Dora",     "Doris",  "Duncan",  "Edgar",  "Edith",   "Edward",
      "Elena",   "Eliza",   "Ella",     "Elsa",   "Emil",    "Emma",   "Eric",    "Esther",
      "Eva",     "Felix",   "Fiona",    "Flora",  "Frank",   "Fred",   "Gary",    "George",
      "Gerald",  "Gina",    "Gloria",   "Gordon", "Grace",   "Greta",  "Gustav",  "Hanna",
      "Harold",  "Harry",   "Hazel",    "Hector", "Helen",   "Henry",  "Herman",  "Hilda",
      "Hugo",    "Ian",     "Ida",      "Ingrid", "Irene",   "Iris",   "Isaac",   "Ivan",
      "Jack",    "Jacob",   "James",    "Jane",   "Janet",   "Jason",  "Jenny",   "Jill",
      "Joan",    "Joel",    "John",     "Julia",  "Karen",   "Karl",   "Kate",    "Keith",
      "Kevin",   "Kim",     "Klara",    "Kurt",   "Lars",    "Laura",  "Lena",    "Leo",
      "Leonard", "Linda",   "Lisa",     "Lola",   "Louis",   "Lucy",   "Luke",    "Mabel",
      "Marco",   "Maria",   "Mark",     "Martha", "Martin",  "Max",    "Melissa", "Michael",
      "Milan",   "Mona",    "Monica",   "Nadia",  "Nancy",   "Neil",   "Nina",    "Nora",
      "Norman",  "Olga",    "Oliver",   "Oscar",  "Otto",    "Pamela", "Patrick", "Paul",
      "Paula",   "Peter",   "Petra",    "Philip", "Rachel",  "Ralph",  "Raymond", "Rebecca",
      "Richard", "Rita",    "Robert",   "Roger",  "Ronald",  "Rosa",   "Roy",     "Ruby",
      "Ruth",    "Sally",   "Sam",      "Sandra", "Sarah",   "Simon",  "Sonia",   "Stella",
      "Stephen", "Steven",  "Susan",    "Sylvia", "Tamara",  "Ted",    "Teresa",  "Thomas",
      "Tina",    "Tom",     "Tony",     "Ulrich", "Ursula",  "Vera",   "Victor",  "Vincent",
      "Viola",   "Wallace", "Walter",   "Wanda",  "Wendy",   "Wilma",  "Winston", "Yvonne",
      "Zelda",   "Zora"};
  return names;
}

const std::vector<std::string>& UnseenNames() {
  static const std::vector<std::string> names = {
      "Abigail", "Amelia",  "Arnold",   "Benjamin", "Bridget",   "Caleb",   "Clemens", "Conrad",
      "Dominic", "Dorothy", "Eleanor",  "Ernest",   "Ferdinand", "Frieda",  "Gilbert", "Gregor",
      "Harriet", "Isabel",  "Jasper",   "Jonas",    "Katrin",    "Kenneth", "Lambert", "Loretta",
      "Magda",   "Marvin",  "Miriam",   "Nelson",   "Norbert",   "Olivia",  "Pedro",   "Priscilla",
      "Quentin", "Regina",  "Rupert",   "Samuel",   "Selma",     "Sophie",  "Tabea",   "Theodor",
      "Tristan", "Valerie", "Veronica", "Warren",   "Wilbur",    "Xenia",   "Yolanda", "Zachary"};
  return names;
}

}  // namespace tact::datasets
